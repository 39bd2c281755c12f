import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { defineConfig } from 'vitepress'

const root = resolve(import.meta.dirname, '../..')

/** A page's own heading, so that a menu never says something else. */
function entry(path: string) {
  const heading = /^# (.+)$/m.exec(readFileSync(join(root, `${path}.md`), 'utf8'))?.[1]
  if (heading === undefined) throw new Error(`${path}.md has no heading.`)
  return { text: heading.replaceAll('`', ''), link: `/${path}` }
}

const guides = [
  'five-minutes',
  'embed',
  'metering',
  'catalog',
  'billing',
  'going-live',
  'webhooks',
  'hasura',
  'migrating',
]
const pagesBelow = (folder: string) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .toSorted((a, b) => Number(b === 'index.md') - Number(a === 'index.md') || a.localeCompare(b))
    .map((name) => entry(`${folder}/${name.slice(0, -3)}`))
const operating = pagesBelow('docs/operating')
const runbooks = pagesBelow('docs/operating/runbooks')
const packages = readdirSync(join(root, 'packages'))
  .filter((name) => existsSync(join(root, 'packages', name, 'README.md')))
  .map((name) => entry(`packages/${name}/README`))

/** Pages of one wide table, which gets the outline's place. */
const wide = new Set(['docs/access.md', 'docs/operating/environment.md'])

// Pages keep their place in the repository, so that their links hold in both. Only the front page moves.
export default defineConfig({
  title: 'Stipend',
  description: 'Access and credits for the AI features of a SaaS product, on one PostgreSQL',
  lang: 'en',
  // No request for an icon that is not there.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  srcDir: '..',
  srcExclude: ['docs/screenshots/**'],
  outDir: join(root, 'docs/dist'),
  cacheDir: join(root, 'node_modules/.cache/vitepress'),
  rewrites: { 'docs/index.md': 'index.md' },
  vite: {
    publicDir: join(root, 'docs/.vitepress/public'),
    // Its esbuild knows no newer one than that of tsconfig.base.json.
    esbuild: { tsconfigRaw: { compilerOptions: { target: 'es2022' } } },
  },
  markdown: {
    config: (md) => {
      // What is in the repository and no page, such as a source file: its name without a link.
      md.core.ruler.push('repository-files', ({ tokens, env }) => {
        for (const inline of tokens) dropFileLinks(inline.children ?? [], dirname(String(env.path)))
      })
    },
  },
  transformPageData: ({ relativePath, frontmatter }) => {
    if (wide.has(relativePath)) frontmatter['aside'] = false
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Guide', link: '/docs/guide/five-minutes', activeMatch: '/docs/guide/' },
      { text: 'Operating', link: '/docs/operating/', activeMatch: '/docs/operating/' },
      { text: 'Decisions', link: '/docs/decisions/', activeMatch: '/docs/decisions/' },
    ],
    sidebar: [
      {
        text: 'Guide',
        items: guides
          .filter((name) => existsSync(join(root, `docs/guide/${name}.md`)))
          .map((name) => entry(`docs/guide/${name}`)),
      },
      { text: 'Operating', items: operating, collapsed: false },
      { text: 'Runbooks', items: runbooks, collapsed: true },
      { text: 'Security', items: [entry('docs/security'), entry('docs/access')], collapsed: false },
      {
        text: 'Inside',
        items: [
          entry('ARCHITECTURE'),
          entry('db/README'),
          entry('docs/decisions/index'),
          entry('docs/reliability'),
          entry('bench/README'),
        ],
        collapsed: false,
      },
      { text: 'Packages', items: packages, collapsed: true },
    ],
  },
})

interface LinkToken {
  type: string
  content: string
  hidden: boolean
  attrGet(name: string): string | null
}

function dropFileLinks(tokens: LinkToken[], folder: string): void {
  let isDropping = false
  for (const token of tokens) {
    if (token.type === 'link_open') {
      const [path = ''] = (token.attrGet('href') ?? '').split('#')
      isDropping =
        path !== '' &&
        !/^(?:[a-z]+:|\/)/.test(path) &&
        !path.endsWith('.md') &&
        existsSync(resolve(folder, path))
    }
    if (isDropping && /^link_/.test(token.type)) {
      const isEnd = token.type === 'link_close'
      token.type = 'text'
      token.content = ''
      if (isEnd) isDropping = false
    }
  }
}
