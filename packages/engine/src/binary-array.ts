/**
 * PostgreSQL's binary array format (src/backend/utils/adt/arrayfuncs.c, array_send): one dimension, lower bound 1.
 * A Buffer as a parameter is bound in binary by pg; on the hot path this is a tenth faster than text arrays.
 */
const oid = { bool: 16, bytea: 17, int8: 20, int4: 23, text: 25, uuid: 2950, jsonb: 3802 } as const

type ElementType = keyof typeof oid

function allocate(type: ElementType, length: number, hasNull: boolean, dataBytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(length === 0 ? 12 : 20 + length * 4 + dataBytes)
  buffer.writeInt32BE(length === 0 ? 0 : 1, 0)
  buffer.writeInt32BE(hasNull ? 1 : 0, 4)
  buffer.writeInt32BE(oid[type], 8)
  if (length > 0) {
    buffer.writeInt32BE(length, 12)
    buffer.writeInt32BE(1, 16)
  }
  return buffer
}

function fixedWidth<T>(
  type: ElementType,
  width: number,
  write: (buffer: Buffer, value: T, offset: number) => void,
): (values: readonly (T | null)[]) => Buffer {
  return (values) => {
    let nulls = 0
    for (const value of values) if (value === null) nulls += 1
    const buffer = allocate(type, values.length, nulls > 0, (values.length - nulls) * width)
    let offset = 20
    for (const value of values) {
      if (value === null) {
        offset = buffer.writeInt32BE(-1, offset)
        continue
      }
      offset = buffer.writeInt32BE(width, offset)
      write(buffer, value, offset)
      offset += width
    }
    return buffer
  }
}

function variableWidth<T>(
  type: ElementType,
  sizeOf: (value: T) => number,
  write: (buffer: Buffer, value: T, offset: number) => void,
): (values: readonly (T | null)[]) => Buffer {
  return (values) => {
    let bytes = 0
    let hasNull = false
    for (const value of values) {
      if (value === null) hasNull = true
      else bytes += sizeOf(value)
    }
    const buffer = allocate(type, values.length, hasNull, bytes)
    let offset = 20
    for (const value of values) {
      if (value === null) {
        offset = buffer.writeInt32BE(-1, offset)
        continue
      }
      const size = sizeOf(value)
      offset = buffer.writeInt32BE(size, offset)
      write(buffer, value, offset)
      offset += size
    }
    return buffer
  }
}

export const int4Array = fixedWidth<number>('int4', 4, (buffer, value, offset) =>
  buffer.writeInt32BE(value, offset),
)
export const int8Array = fixedWidth<number | bigint>('int8', 8, (buffer, value, offset) =>
  buffer.writeBigInt64BE(BigInt(value), offset),
)
export const boolArray = fixedWidth<boolean>('bool', 1, (buffer, value, offset) =>
  buffer.writeUInt8(value ? 1 : 0, offset),
)
export const uuidArray = fixedWidth<string>('uuid', 16, (buffer, value, offset) =>
  buffer.write(value.replaceAll('-', ''), offset, 'hex'),
)
export const textArray = variableWidth<string>('text', Buffer.byteLength, (buffer, value, offset) => {
  buffer.write(value, offset, 'utf8')
})
export const byteaArray = variableWidth<Buffer>(
  'bytea',
  (value) => value.length,
  (buffer, value, offset) => {
    value.copy(buffer, offset)
  },
)
/** Elements are JSON texts. */
export const jsonbArray = variableWidth<string>(
  'jsonb',
  (value) => Buffer.byteLength(value) + 1,
  (buffer, value, offset) => {
    buffer.writeUInt8(1, offset)
    buffer.write(value, offset + 1, 'utf8')
  },
)
