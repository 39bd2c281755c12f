import { defineConfig } from 'tsdown'

export default defineConfig({
  // The race starts its callers as a process: a file of their own, beside the one that starts them.
  entry: { index: 'src/index.ts', main: 'src/main.ts', callers: 'src/race/callers.ts' },
  format: 'esm',
  dts: true,
  platform: 'node',
  fixedExtension: false,
})
