import { join } from 'node:path'
import { createChecker } from 'vue-component-meta'

const package_ = join(import.meta.dirname, '..')
export const componentNames = [
  'CreditBalanceWidget',
  'CreditHistoryTable',
  'QualityLevelSelector',
  'TopupPurchaseModal',
  'AIAccessDeniedPrompt',
  'AIOperationResult',
  'RateLimitsCard',
] as const

/** The text of COMPONENTS.md: props, emits and slots as their types say them. */
export function componentReference(): string {
  const checker = createChecker(join(package_, 'tsconfig.json'), { noDeclarations: true, rawType: false })
  const parts = componentNames.map((name) => {
    const { props, events, slots } = checker.getComponentMeta(join(package_, `src/components/${name}.vue`))
    const own = props.filter(({ global }) => !global)
    const models = new Set(
      events.flatMap((event) => (event.name.startsWith('update:') ? [event.name.slice(7)] : [])),
    )
    return [
      `## ${name}`,
      table(
        ['prop', 'type', 'default', ''],
        own.map((prop) => [
          `\`${models.has(prop.name) ? modelName(prop.name) : prop.name}\`${prop.required ? ' (required)' : ''}`,
          code(prop.type.replace(/ \| undefined$/, '')),
          prop.default === undefined ? '' : code(prop.default),
          oneLine(prop.description),
        ]),
      ),
      table(
        ['emits', 'with', ''],
        events
          .filter((event) => !event.name.startsWith('update:'))
          .map((event) => [`\`${event.name}\``, code(event.type), oneLine(event.description ?? '')]),
      ),
      table(
        ['slot', 'with', ''],
        slots.map((slot) => [`\`${slot.name}\``, code(slot.type), oneLine(slot.description)]),
      ),
    ]
      .filter((part) => part !== '')
      .join('\n\n')
  })
  return `# Components of @stipend/vue

Generated from the components' types by \`npm run reference -w @stipend/vue\`.

${parts.join('\n\n')}
`
}

const modelName = (name: string): string => (name === 'modelValue' ? 'v-model' : `v-model:${name}`)
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').trim()
/** What is an object of many members is told by its name alone. */
const code = (text: string): string =>
  `\`${oneLine(text.replaceAll(/\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}/g, short))}\``
const short = (type: string): string => (type.length > 80 ? '{ … }' : type)

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
