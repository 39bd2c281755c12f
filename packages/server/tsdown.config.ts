import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: { index: 'src/index.ts', node: 'src/node.ts', stripe: 'src/stripe/index.ts' },
  format: 'esm',
  dts: true,
  platform: 'node',
  fixedExtension: false,
})
