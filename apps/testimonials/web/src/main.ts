import '@fontsource-variable/inter/wght.css'
import '@stipend/vue/style.css'
import './design/style.css'
import { createStipendVue } from '@stipend/vue'
import { VueQueryPlugin } from '@tanstack/vue-query'
import { createApp } from 'vue'
import App from './App.vue'
import { stipendClient } from './api/client.ts'
import { locale } from './i18n/locale.ts'
import { queries } from './queries.ts'
import { router } from './router.ts'
import { organization } from './session/session.ts'

createApp(App)
  .use(router)
  .use(VueQueryPlugin, { queryClient: queries })
  .use(
    createStipendVue({
      client: stipendClient,
      locale,
      queryClient: queries,
      plansUrl: (plan) => `/app/${organization.value?.slug ?? ''}/billing?plan=${encodeURIComponent(plan)}`,
    }),
  )
  .mount('#app')
