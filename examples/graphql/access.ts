import { columnsFor, isOpen, type ReadingRole, tableAccess } from '@stipend/db'
import { type PgSmartTagRule, pgSmartTags } from 'postgraphile/utils'

const hidden = { behavior: '-*' }
const computedFields = new Set(
  Object.values(tableAccess).flatMap((table) =>
    isOpen(table) ? Object.values(table.computedFields ?? {}) : [],
  ),
)

/** The columns of a table that a role's schema has; none: the schema does not have the table. */
export function visibleColumns(table: string, role: ReadingRole): readonly string[] {
  const access = tableAccess[table]
  if (access === undefined || !isOpen(access)) return []
  // Row level security knows the organization, not the person: what a role reads only some rows of is left out.
  return access.only?.roles.includes(role) === true ? [] : columnsFor(table, role)
}

/** Leaves out of the schema what `tableAccess` does not give the role, and every function but computed fields. */
export function onlyVisibleTo(role: ReadingRole): GraphileConfig.Plugin {
  const rules: PgSmartTagRule[] = [
    {
      kind: 'class',
      match: ({ relkind, relname }) => relkind !== 'c' && visibleColumns(relname, role).length === 0,
      tags: hidden,
    },
    {
      kind: 'attribute',
      match: (attribute) => {
        const table = attribute.getClass()
        return table !== undefined && !visibleColumns(table.relname, role).includes(attribute.attname)
      },
      tags: hidden,
    },
    {
      // Nobody looks a row up by what they do not see of it.
      kind: 'constraint',
      match: (constraint) => {
        const visible = visibleColumns(constraint.getClass()?.relname ?? '', role)
        return constraint.getAttributes()?.some(({ attname }) => !visible.includes(attname)) ?? false
      },
      tags: hidden,
    },
    { kind: 'procedure', match: ({ proname }) => !computedFields.has(proname), tags: hidden },
  ]
  return pgSmartTags(rules, null, { name: `OnlyVisibleTo_${role}` })
}
