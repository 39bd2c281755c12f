import { escapeIdentifier, escapeLiteral } from 'pg'
import type { BoolExp } from '../hasura/access.ts'

/** Session variables by their lower-case names: `x-hasura-organization-id`. */
export type Session = Readonly<Record<string, string>>

/** Column names by table of schema stipend. */
export type Columns = Readonly<Record<string, readonly string[]>>

interface Context {
  readonly table: string
  readonly columns: Columns
  readonly session: Session
}

const COMPARISONS: Readonly<Record<string, string>> = {
  _eq: '=',
  _neq: '<>',
  _gt: '>',
  _gte: '>=',
  _lt: '<',
  _lte: '<=',
}

/**
 * A permission's filter as SQL about the table's row. @throws Error on everything that it does not know: an operator, a
 * column, a session variable that is not given.
 */
export function toSql(filter: BoolExp, context: Context): string {
  return all(Object.entries(filter).map(([key, value]) => condition(key, value, context)))
}

const all = (parts: readonly string[]) => (parts.length === 0 ? 'true' : `(${parts.join(' and ')})`)
const any = (parts: readonly string[]) => (parts.length === 0 ? 'false' : `(${parts.join(' or ')})`)

function condition(key: string, value: unknown, context: Context): string {
  if (key === '_and') return all(asList(key, value).map((part) => toSql(asExp(key, part), context)))
  if (key === '_or') return any(asList(key, value).map((part) => toSql(asExp(key, part), context)))
  if (key === '_not') return `not ${toSql(asExp(key, value), context)}`
  if (key === '_exists') return exists(asExp(key, value), context)
  if (!context.columns[context.table]?.includes(key))
    throw new Error(`${context.table} has no column ${key}.`)
  const operators = Object.entries(asExp(key, value))
  return all(operators.map(([operator, operand]) => compare(context, key, operator, operand)))
}

function exists({ _table, _where, ...rest }: BoolExp, context: Context): string {
  const { schema, name } = asExp('_table', _table)
  if (schema !== 'stipend' || typeof name !== 'string' || Object.keys(rest).length > 0) {
    throw new Error('_exists needs _table of schema stipend and _where.')
  }
  const where = toSql(asExp('_where', _where), { ...context, table: name })
  return `exists (select from stipend.${escapeIdentifier(name)} where ${where})`
}

function compare({ table, session }: Context, column: string, operator: string, operand: unknown): string {
  const left = `${escapeIdentifier(table)}.${escapeIdentifier(column)}`
  if (operator === '_is_null' && typeof operand === 'boolean')
    return `${left} is ${operand ? '' : 'not '}null`
  if (operator === '_in') {
    return any(asList(operator, operand).map((one) => `${left} = ${literal(one, session)}`))
  }
  const comparison = COMPARISONS[operator]
  if (comparison === undefined) throw new Error(`Unknown operator ${operator} on ${table}.${column}.`)
  return `${left} ${comparison} ${literal(operand, session)}`
}

function literal(value: unknown, session: Session): string {
  if (typeof value === 'boolean' || typeof value === 'number') return String(value)
  if (typeof value !== 'string') throw new Error(`${JSON.stringify(value)} is no value.`)
  if (!/^x-hasura-/i.test(value)) return escapeLiteral(value)
  const given = session[value.toLowerCase()]
  if (given === undefined) throw new Error(`The session has no ${value}.`)
  return escapeLiteral(given)
}

function asList(key: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${key} needs a list.`)
  return value
}

function asExp(key: string, value: unknown): BoolExp {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${key} needs an object.`)
  return Object.fromEntries(Object.entries(value))
}
