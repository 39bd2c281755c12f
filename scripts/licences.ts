import satisfies from 'spdx-satisfies'

/** What npm's lock says of licences. */
export interface Lock {
  readonly packages: Readonly<Record<string, { readonly license?: string; readonly link?: boolean }>>
}

const allowed: string[] = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unlicense',
  'Zlib',
]

/** Other licences, each for packages that are used as they are and never part of the packages that Stipend publishes. */
const exceptions: readonly { name: RegExp; licence: string; why: string }[] = [
  { name: /^lightningcss(-|$)/, licence: 'MPL-2.0', why: 'of vite, which builds and tests' },
  { name: /^@img\/sharp-/, licence: 'LGPL-3.0-or-later', why: 'a library that next loads, in an example' },
  { name: /^axe-core$/, licence: 'MPL-2.0', why: 'tests of accessibility' },
  {
    name: /^@fontsource-variable\/inter$/,
    licence: 'OFL-1.1',
    why: 'the font of the console, as a file of its own',
  },
  { name: /^caniuse-lite$/, licence: 'CC-BY-4.0', why: 'data of next, in an example' },
  { name: /^argparse$/, licence: 'PSF-2.0', why: 'of the page of postgraphile for queries, in an example' },
  { name: /^spdx-(exceptions|ranges)$/, licence: 'CC-BY-3.0', why: 'data of the check of licences itself' },
]

/** Names what has no licence, or one that is not allowed. Workspaces have the repository's own. */
export function findLicenceProblems({ packages }: Lock): { packages: number; problems: string[] } {
  const folder = 'node_modules/'
  const installed = Object.entries(packages).filter(
    ([path, { link }]) => path.includes(folder) && link !== true,
  )
  const problems = installed.flatMap(([path, { license }]) => {
    const name = path.slice(path.lastIndexOf(folder) + folder.length)
    if (license === undefined) return [`${name} names none`]
    return isAllowed(name, license) ? [] : [`${name} has ${license}, which is not on the list`]
  })
  return { packages: installed.length, problems }
}

function isAllowed(name: string, licence: string): boolean {
  const own = exceptions
    .filter((exception) => exception.name.test(name))
    .map((exception) => exception.licence)
  try {
    return satisfies(licence, [...allowed, ...own])
  } catch {
    // No SPDX expression, such as `SEE LICENSE IN …`.
    return false
  }
}
