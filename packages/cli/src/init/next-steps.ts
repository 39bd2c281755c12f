import type { Choices } from './choices.ts'
import type { Plan } from './files.ts'
import type { Project } from './project.ts'
import { mountPath } from './templates/stipend.ts'

/** What is left to do, and the three lines that meter a call. */
export function nextSteps(input: {
  project: Project
  choices: Choices
  plan: Plan
  isInstalled: boolean
}): string[] {
  const { choices, plan, project } = input
  const { database, customers, framework, payments } = choices
  const isNext = framework === 'next'
  const later = [
    `${project.packageManager} install`,
    ...(plan.authPath === null ? [] : [`npx stipend migrate auth --file ${plan.authPath}`]),
    `npx stipend catalog push --file ${plan.catalogPath}`,
  ]
  const todo = [
    ...(input.isInstalled ? [] : later),
    ...(database.kind === 'embedded' ? ['npx stipend database              # keep it running'] : []),
    ...(payments === 'sandbox'
      ? ['npx stipend sandbox               # keep it running; then npx stipend stripe sync']
      : []),
    ...(isNext ? [] : ['node --env-file=.env …            # how your app gets its settings from .env']),
  ]
  const identity =
    customers === 'app'
      ? ['Say who is signed in:    stipend.identify.ts', `Where a customer comes:  ${putOrganization}`]
      : [`People sign up at /api/auth and make an organization: the free plan is theirs.`]
  return [
    'Next:',
    ...todo.map((line) => `  ${line}`),
    ...identity.map((line) => `  ${line}`),
    '  OPENAI_API_KEY in .env, then where you call a model:',
    '',
    "    const model = stipend.model({ organizationId, capability: 'reply', quality: 'fast' })",
    '    const { text } = await generateText({ model, prompt, maxRetries: 0 })',
    `    // GET ${mountPath}/credits/balance now says what it cost`,
    '',
  ]
}

const putOrganization = "await stipend.engine.putOrganization({ organizationId, name, plan: 'free' })"
