/** What a browser reads of a UI message stream. */
export interface Read {
  text: string
  /** As `messageMetadata: stipend.receipt` sends it. */
  receipt: Record<string, unknown> | undefined
  /** As `onError: stipend.problem` sends it. */
  problem: Record<string, unknown> | undefined
}

export async function readUIStream(response: Response): Promise<Read> {
  const read: Read = { text: '', receipt: undefined, problem: undefined }
  for (const line of (await response.text()).split('\n')) {
    if (!line.startsWith('data: {')) continue
    const part = JSON.parse(line.slice(6))
    if (part.type === 'text-delta') read.text += part.delta
    if (part.type === 'error') read.problem = JSON.parse(part.errorText)
    read.receipt = part.messageMetadata?.stipend ?? read.receipt
  }
  return read
}
