import { randomFillSync } from 'node:crypto'
import { v7 } from 'uuid'

const pool = Buffer.alloc(16 * 256)
let used = pool.length

/** A UUID of version 7: ids rise with time, so that they go to the right end of an index. */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += 16
  return v7({ random: pool.subarray(used - 16, used) })
}
