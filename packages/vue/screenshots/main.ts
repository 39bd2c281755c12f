import '../src/style.css'
import { createStipendClient, type StipendClient } from '@stipend/client'
import { type Component, createApp, h } from 'vue'
import { createStipendVue } from '../src/index.ts'
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

function mountStory(parent: Element, title: string, organization: Organization, component: Component): void {
  const story = document.createElement('div')
  story.className = 'story'
  const place = document.createElement('div')
  const heading = document.createElement('h3')
  heading.textContent = title
  story.append(heading, place)
  parent.append(story)
  createApp({ render: () => h(component) })
    .use(createStipendVue({ client: clientOf(organization), locale }))
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
