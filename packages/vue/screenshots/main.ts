import '../src/style.css'
import { createStipendClient, type StipendClient } from '@stipend/client'
import { type Component, createApp, h } from 'vue'
import { createStipendVue, type StipendVue } from '../src/index.ts'
import { groups, type Organization } from './stories.ts'

const locale = new URLSearchParams(location.search).get('locale') ?? 'en'

/** Keys come from the script that made the organizations. */
function clientOf(organization: Organization): StipendClient {
  const keys: Record<string, string> = JSON.parse(localStorage.getItem('keys') ?? '{}')
  const options = { baseUrl: '/api', headers: { authorization: `Bearer ${keys[organization] ?? ''}` } }
  if (organization === 'silent')
    return createStipendClient({ ...options, fetch: () => new Promise(() => undefined) })
  if (organization === 'unreachable') {
    return createStipendClient({ ...options, fetch: () => Promise.reject(new TypeError('fetch failed')) })
  }
  return createStipendClient(options)
}

/** One for all stories of an organization, so that they share the connection: a browser has few to one host. */
const plugins = new Map<Organization, StipendVue>()

function pluginOf(organization: Organization): StipendVue {
  const plugin = plugins.get(organization) ?? createStipendVue({ client: clientOf(organization), locale })
  plugins.set(organization, plugin)
  return plugin
}

function mountStory(parent: Element, title: string, organization: Organization, component: Component): void {
  const story = document.createElement('div')
  story.className = 'story'
  const place = document.createElement('div')
  const heading = document.createElement('h3')
  heading.textContent = title
  story.append(heading, place)
  parent.append(story)
  createApp({ render: () => h(component) })
    .use(pluginOf(organization))
    .mount(place)
}

const main = document.querySelector('main')
for (const { title, isWide, stories } of groups) {
  const heading = document.createElement('h2')
  heading.className = 'group'
  heading.textContent = title
  const grid = document.createElement('div')
  grid.className = isWide ? 'grid wide' : 'grid'
  main?.append(heading, grid)
  for (const [name, organization, component] of stories) mountStory(grid, name, organization, component)
}
