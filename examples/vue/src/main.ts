import '@stipend/vue/style.css'
import { createStipendVue } from '@stipend/vue'
import { createApp } from 'vue'
import App from './App.vue'
import { client } from './stipend.ts'

createApp(App).use(createStipendVue({ client })).mount('#app')
