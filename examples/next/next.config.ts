import type { NextConfig } from 'next'

const config: NextConfig = {
  // They read files of their own at run time, so they are loaded from node_modules, not bundled.
  serverExternalPackages: ['@stipend/engine', '@stipend/server', '@stipend/db', 'pg'],
}
export default config
