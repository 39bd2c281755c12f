import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { type Context, paint, print, remark } from '../context.ts'
import type { Choices, InitOptions } from './choices.ts'
import { type OpenDatabase, openDatabase, prepareDatabase } from './database.ts'
import { type FileChange, type Plan, planFiles, writeChange } from './files.ts'
import { install } from './install.ts'
import { nextSteps } from './next-steps.ts'
import { layoutOf, type Project, readProject } from './project.ts'
import { askYes, canAsk, chooseAll } from './prompts.ts'
import { maskSettings, planSettings } from './settings.ts'

/** Sets Stipend up in the project of the context's folder. */
export async function init(context: Context, options: InitOptions): Promise<void> {
  const project = readProject(context.directory)
  const choices = await chooseAll(context, project, options)
  const layout = layoutOf(project, choices.framework)
  const plan = planFiles(project, layout, choices)
  if (options.dryRun === true) {
    showPlan(context, project, choices, plan)
    return
  }
  await using database = await openDatabase(context, choices.database)
  await writeFiles(context, project, plan.changes, options)
  await writeSettings(context, project, choices, database)
  for (const line of plan.byHand) print(context, line)
  const isInstalled = await installIfAsked(context, project, options)
  const done = await prepareDatabase(context, database, {
    ...plan,
    isInstalled,
    author: userInfo().username,
  })
  print(context, `${paint(context.output, 'green', 'migrated')}  ${done.applied} versions applied`)
  if (done.catalog === 'pushed')
    print(context, `${paint(context.output, 'green', 'pushed')}    ${plan.catalogPath}`)
  if (done.catalog === 'kept') {
    remark(
      context,
      `The database has a catalog already: compare with stipend catalog diff --file ${plan.catalogPath}.`,
    )
  }
  print(context, '', ...nextSteps({ project, choices, plan, isInstalled }))
}

function showPlan(context: Context, project: Project, choices: Choices, plan: Plan): void {
  const settings = planSettings(project, choices, choices.database.kind === 'embedded' ? 'embedded' : null)
  const changes = settings === null ? plan.changes : [...plan.changes, settings]
  for (const change of changes) {
    print(context, paint(context.output, 'bold', `${verbOf(change)} ${change.path}`), contentOf(change))
  }
  for (const line of plan.byHand) print(context, line)
  print(
    context,
    'Nothing was written: without --dry-run the dependencies are installed and the database migrated, too.',
  )
}

function verbOf({ before, kind }: FileChange): string {
  if (before === null) return 'would create'
  return kind === 'lines' ? 'would add to' : 'would write over'
}

/** A new file whole; of one that is there the lines that come in. */
function contentOf({ path, before, after, kind }: FileChange): string {
  // In JSON a line that another follows ends with a comma.
  const bare = (line: string) => line.replace(/,$/, '')
  const present = new Set(kind === 'lines' ? before?.split('\n').map(bare) : [])
  const lines = after
    .trimEnd()
    .split('\n')
    .filter((line) => !present.has(bare(line)))
  const text = lines.map((line) => `  ${line}`).join('\n')
  return path === '.env' ? maskSettings(text) : text
}

async function writeFiles(
  context: Context,
  project: Project,
  changes: readonly FileChange[],
  options: InitOptions,
): Promise<void> {
  for (const change of changes) {
    const { path, before, kind } = change
    const isWanted = before === null || options.force === true || (await mayTouch(context, change, options))
    if (isWanted) {
      await writeChange(project, change)
      const verb = before === null ? 'created' : kind === 'lines' ? 'added to' : 'replaced'
      print(context, `${paint(context.output, 'green', verb.padEnd(8))}  ${path}`)
    } else {
      remark(
        context,
        `${path} is there and was left as it is${canAsk(context) ? '' : ': --force writes over it'}.`,
      )
    }
  }
}

/** Lines added need a yes, or `--yes`; a file that would be lost needs a yes of its own. */
async function mayTouch(context: Context, change: FileChange, options: InitOptions): Promise<boolean> {
  if (options.yes === true) return change.kind === 'lines'
  print(context, contentOf(change))
  return change.kind === 'lines'
    ? askYes(context, `Add these lines to ${change.path}?`, true)
    : askYes(context, `${change.path} is there. Write this over it?`, false)
}

async function writeSettings(
  context: Context,
  project: Project,
  choices: Choices,
  database: OpenDatabase,
): Promise<void> {
  const isFromEnvironment = choices.database.kind === 'url' && !choices.database.isGiven
  const { databaseUrl } = context.environment
  if (!isFromEnvironment && databaseUrl !== undefined && databaseUrl !== database.url) {
    remark(context, 'DATABASE_URL is set to another database and was left so: the app uses that one.')
  }
  const change = planSettings(project, choices, isFromEnvironment ? null : database.url)
  if (change === null) return
  await writeChange(project, change)
  print(context, `${paint(context.output, 'green', change.before === null ? 'created ' : 'added to')}  .env`)
}

async function installIfAsked(context: Context, project: Project, options: InitOptions): Promise<boolean> {
  if (options.install === false) return hasPackages(project)
  const isAsked = options.install === undefined && options.yes !== true
  const wanted = !isAsked || (await askYes(context, `Run ${project.packageManager} install now?`, true))
  if (!wanted) return hasPackages(project)
  await install(context, project)
  return true
}

function hasPackages({ directory }: Project): boolean {
  const require = createRequire(join(directory, 'package.json'))
  return (require.resolve.paths('@stipend/engine') ?? []).some((folder) =>
    existsSync(join(folder, '@stipend/engine')),
  )
}
