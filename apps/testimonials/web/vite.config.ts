import tailwind from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import { defaultClientConditions, defineConfig } from 'vite'
import { compression } from 'vite-plugin-compression2'

/** Where the server runs while pages are developed: `npm start`. */
const server = 'http://127.0.0.1:3000'
const api = ['/session', '/credits', '/ai', '/forms', '/billing', '/budgets', '/api-keys', '/members']
const routes = [
  ...api,
  '/notification-preferences',
  '/reservations',
  '/organizations',
  '/auth',
  '/public/forms',
]

export default defineConfig({
  plugins: [vue(), tailwind(), compression({ algorithms: ['brotliCompress', 'gzip'], threshold: 1024 })],
  resolve: { conditions: ['stipend-source', ...defaultClientConditions] },
  build: {
    manifest: true,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // What most pages share comes in one piece instead of thirty.
      output: { codeSplitting: { groups: [{ name: 'shared', minShareCount: 5 }] } },
    },
  },
  server: { proxy: Object.fromEntries(routes.map((route) => [route, server])) },
})
