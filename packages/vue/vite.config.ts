import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

/** A module each, so that a page takes only what it shows. What is a dependency stays one. */
export default defineConfig({
  plugins: [vue()],
  build: {
    lib: { entry: 'src/index.ts', formats: ['es'] },
    minify: false,
    sourcemap: false,
    rolldownOptions: {
      external: [/^vue$/, /^reka-ui/, /^@tanstack\//, /^@stipend\//],
      output: { preserveModules: true, preserveModulesRoot: 'src', entryFileNames: '[name].js' },
    },
  },
})
