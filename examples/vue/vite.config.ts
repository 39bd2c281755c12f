import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [vue()],
  // Where the host's server runs while the page is developed.
  server: { proxy: { '/api': 'http://127.0.0.1:3000' } },
})
