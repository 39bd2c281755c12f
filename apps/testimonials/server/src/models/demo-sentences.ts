const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' })

/** Speaks to a model, not of a product. */
const toModel =
  /\b(ignore|disregard|forget|override)\b.{0,40}\b(instruction|prompt|rule|above|previous|prior)|\bsystem prompt\b|\byou are now\b|\bas an ai\b|\b(respond|reply|answer|output|print|write) (only |exactly )?(with|in json|["'`])|^\s*(system|assistant|user)\s*:/i

/** A text's sentences, without markup and without those that talk to a model. */
export function sentencesOf(text: string): string[] {
  const plain = text
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return [...segmenter.segment(plain)]
    .map(({ segment }) => segment.trim())
    .filter((sentence) => /\p{L}/u.test(sentence) && !toModel.test(sentence))
}

/** Capital at the start, one mark at the end. */
export function asSentence(text: string): string {
  const trimmed = text.trim().replace(/[\s,;:–-]+$/, '')
  const whole = /[.!?…。！？।؟]["'”’)]?$/.test(trimmed) ? trimmed : `${trimmed}.`
  return whole.charAt(0).toUpperCase() + whole.slice(1)
}

/** For the middle of a sentence: small first letter, unless the word is a name, an acronym or I. */
export function lowerFirst(text: string, names: readonly string[] = []): string {
  const [first = ''] = text.split(/\s/, 1)
  const isFixed = /^(I|I['’]\w+|\p{Lu}{2,}.*|.*\p{L}\p{Lu}.*)$/u.test(first)
  return isFixed || names.some((name) => text.startsWith(name))
    ? text
    : text.charAt(0).toLowerCase() + text.slice(1)
}

export function wordCount(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length
}

const contractions: readonly (readonly [RegExp, string])[] = [
  [/\b(do|does|did|is|are|was|were|has|have|had|could|would|should) not\b/gi, "$1n't"],
  [/\bcannot\b/gi, "can't"],
  [/\b(I) am\b/g, "$1'm"],
  [/\b(I|we|they|you) have (?=\w+(?:ed|en|n)\b)/gi, "$1've "],
  [/\b(it|that|there) is\b/gi, "$1's"],
  [/\b(we|they|you) are\b/gi, "$1're"],
]

const expansions: readonly (readonly [RegExp, string])[] = [
  [/\bcan['’]t\b/gi, 'cannot'],
  [/\bwon['’]t\b/gi, 'will not'],
  [/\b(do|does|did|is|are|was|were|has|have|had|could|would|should)n['’]t\b/gi, '$1 not'],
  [/\b(I)['’]m\b/g, '$1 am'],
  [/\b(I|we|they|you)['’]ve\b/gi, '$1 have'],
  [/\b(we|they|you)['’]re\b/gi, '$1 are'],
  [/!+/g, '.'],
]

const replaceAll = (text: string, pairs: typeof contractions) =>
  pairs.reduce((result, [pattern, replacement]) => result.replaceAll(pattern, replacement), text)

export const relaxed = (text: string): string => replaceAll(text, contractions)
export const formal = (text: string): string => replaceAll(text, expansions)
