/** The text of an answer; of the live balance, which does not end by itself, its first event. */
export async function readText(response: Response): Promise<string> {
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true)
    return await response.text()
  let text = ''
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk
    if (text.startsWith('event: balance') && text.endsWith('\n\n')) break
  }
  return text
}
