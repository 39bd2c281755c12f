/** Debian's; a browser cannot be downloaded everywhere. */
export const chromiumPath = '/usr/bin/chromium'

/** So that it runs as root in a container, and asks nobody for anything. */
export const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--no-first-run',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
]
