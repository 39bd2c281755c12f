import { OptionDefaults } from 'typedoc'

/** @type {import('typedoc').TypeDocOptions & import('typedoc-plugin-markdown').PluginOptions} */
export default {
  // OpenAPI's words in the client's generated types.
  blockTags: [...OptionDefaults.blockTags, '@description', '@constant', '@enum'],
  name: 'API reference',
  plugin: ['typedoc-plugin-markdown'],
  entryPoints: [
    'packages/engine/src/index.ts',
    'packages/engine/src/ai/index.ts',
    'packages/server/src/index.ts',
    'packages/server/src/node.ts',
    'packages/server/src/stripe/index.ts',
    'packages/client/src/index.ts',
  ],
  tsconfig: 'tsconfig.json',
  out: 'docs/reference',
  readme: 'none',
  excludePrivate: true,
  excludeInternal: true,
  disableSources: true,
  skipErrorChecking: true,
  treatWarningsAsErrors: true,
}
