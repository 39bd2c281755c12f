import { type Length, type Tone, wordsOf } from '../prompts/assemble-testimonial.ts'
import { asSentence, formal, lowerFirst, relaxed, sentencesOf, wordCount } from './demo-sentences.ts'

interface Answer {
  question: string
  answer: string
}

/** What an answer tells, in the order in which a testimonial tells it. */
const roles = [
  ['before', /\b(before|previously|problem|struggl\w*|challeng\w*|pain|prior|used to|wrong)\b/i],
  ['choice', /\b(why|choose|chose|decide\w*|convinc\w*|hear|heard|find|found)\b/i],
  ['result', /\b(results?|measur\w*|outcomes?|numbers?|impact|sav\w+|achiev\w*|how much)\b/i],
  ['recommend', /\b(recommend\w*|whom?|friends?|colleagues?|tell others|say to)\b/i],
  ['favourite', /\b(like|love|favou?rite|stands? out|best|enjoy|miss)\b/i],
  ['change', /\b(chang\w*|helped|helps|differ\w*|since|improv\w*|now)\b/i],
] as const
type Role = (typeof roles)[number][0] | 'other'
const order: readonly Role[] = ['before', 'choice', 'change', 'other', 'favourite', 'result', 'recommend']

const roleOf = (question: string): Role => roles.find(([, pattern]) => pattern.test(question))?.[0] ?? 'other'

const openers: Record<Tone, (product: string) => string> = {
  professional: (product) => `I am glad to share our experience with ${product}.`,
  friendly: (product) => `Happy to say a word about ${product}.`,
  enthusiastic: (product) => `I love telling people about ${product}.`,
  casual: (product) => `A quick word on ${product}.`,
}

/** A testimonial of the customer's own sentences: picked to the length, ordered, mended, set in the tone. */
export function writeTestimonial(data: {
  productName: string
  answers: readonly Answer[]
  tone: Tone
  length: Length
}): string {
  const { productName, tone } = data
  const told = data.answers
    .map(({ question, answer }) => ({ role: roleOf(question), sentences: sentencesOf(answer) }))
    .map(({ role, sentences }) => ({ role, sentences: mendFirst(sentences, role, productName) }))
    .toSorted((a, b) => order.indexOf(a.role) - order.indexOf(b.role))
  const picked = pick(
    told.map(({ sentences }) => sentences),
    wordsOf[data.length],
  )
  const body = picked.map(asSentence).join(' ')
  const isNamed = body.toLowerCase().includes(productName.toLowerCase())
  const isEnglish = body === '' || /\b(the|and|we|it|is|was|to|i)\b/i.test(body)
  return inTone(isNamed || !isEnglish ? body : `${openers[tone](productName)} ${body}`.trim(), tone)
}

/** First the first sentence of each answer, then the second ones, until the words are used; in telling order. */
function pick(answers: readonly (readonly string[])[], words: number): string[] {
  const taken = answers.map(() => 0)
  const most = Math.max(0, ...answers.map((sentences) => sentences.length))
  let used = 0
  for (let round = 0; round < most; round += 1) {
    for (const [index, sentences] of answers.entries()) {
      const sentence = sentences[round]
      if (sentence === undefined || taken[index] !== round) continue
      const cost = wordCount(sentence)
      if (used > 0 && used + cost > words * 1.2) continue
      taken[index] = round + 1
      used += cost
    }
  }
  return answers.flatMap((sentences, index) => sentences.slice(0, taken[index]))
}

const predicate =
  /\b(is|are|was|were|am|has|have|had|do|does|did|can|could|will|would|should|tastes|works|looks|feels|saves|makes|gives|helps|keeps|arrives|comes|goes|runs|takes|lets|means)\b|['’](s|re|ve|m|d|ll)\b/i
/** A verb in the past after the first word, such as in "guests noticed". */
const pastPredicate =
  /^\S+ [^,;:]*\b(\w+ed|went|came|got|found|told|left|fell|grew|rose|lost|kept|took|made|saw|said|felt|knew|began|sold|paid|spent|brought|thought|wrote|ran)\b/i
const subject = /^(i|we|it|they|he|she|you|our|my|this|there|nobody|nothing|everyone|everything)\b/i
const leadingVerb =
  /^(saves?|saved|helps?|helped|makes?|made|gives?|gave|lets?|cuts?|reduced|keeps?|kept|works?|worked|is|was|has|had|took|takes|turned|brought|solved|replaced|doubled|halved)\b/i
const past = /\b(was|were|had|did|used to|could|would|spent|kept|took|lost|paid|\w+ed)\b/i

const frames: Partial<Record<Role, (rest: string, product: string) => string>> = {
  before: (rest, product) => `Before ${product}, it was ${rest}`,
  change: (rest, product) => `With ${product}, it is ${rest}`,
  favourite: (rest) => `What stands out most: ${rest}`,
  recommend: (rest, product) => `I would recommend ${product} to ${rest}`,
  result: (rest) => `The result: ${rest}`,
}

/** Answers such as "saves us hours" or "any small shop" lean on their question: give them a subject. */
function mendFirst(sentences: readonly string[], role: Role, product: string): string[] {
  const [first, ...rest] = sentences
  if (first === undefined) return []
  return [mend(first, role, product), ...rest]
}

function mend(first: string, role: Role, product: string): string {
  // English frames suit no other script.
  if (first.startsWith(product) || !/\p{Script=Latin}/u.test(first)) return first
  if (leadingVerb.test(first)) return `${product} ${lowerFirst(first)}`
  if (subject.test(first)) {
    const isBefore = role === 'before' && past.test(first) && !/\bbefore\b/i.test(first)
    return isBefore ? `Before ${product}, ${lowerFirst(first)}` : first
  }
  const isSentence = predicate.test(first) || pastPredicate.test(first)
  if (isSentence && role === 'before' && !/\b(before|is|are|has)\b/i.test(first)) {
    return `Before ${product}, ${lowerFirst(first)}`
  }
  const isFragment = wordCount(first) <= 12 && !isSentence
  return isFragment ? (frames[role]?.(lowerFirst(first), product) ?? first) : first
}

function inTone(text: string, tone: Tone): string {
  if (tone === 'professional') return formal(text)
  if (tone === 'casual') return relaxed(text)
  return tone === 'enthusiastic' ? text.replace(/\.$/, '!') : text
}

/** In the order of a form; the number says which come first where fewer are wanted. */
const questions: readonly (readonly [rank: number, ask: (product: string, about: string) => string])[] = [
  [1, (product) => `What were you using before ${product}, and what bothered you about it?`],
  [7, (product) => `How did you hear of ${product}, and what made you try it?`],
  [4, (product) => `Why did you choose ${product} over the alternatives?`],
  [9, (product) => `What were you unsure about before you started with ${product}, and how did it turn out?`],
  [2, (product) => `What has changed for you since you started with ${product}?`],
  [5, (product, about) => `Which part of ${product}${about} matters most to you, and why?`],
  [3, () => 'Which result could you put a number on: hours, money, orders, mistakes avoided?'],
  [10, (product) => `Can you tell us of one day when ${product} made a difference?`],
  [8, (product) => `What would you miss most if ${product} were gone tomorrow?`],
  [6, (product) => `Whom would you recommend ${product} to, and what would you tell them?`],
]

export function writeQuestions(data: {
  productName: string
  productDescription: string
  count: number
}): string[] {
  const { productName, count } = data
  const about = aboutOf(data.productDescription, productName)
  return questions.filter(([rank]) => rank <= count).map(([, ask]) => ask(productName, about))
}

/** The description's first words in brackets, such as ` (fresh beans every two weeks)`. */
function aboutOf(description: string, productName: string): string {
  const [first = ''] = sentencesOf(description)
  const clause = first
    .replace(new RegExp(`^${RegExp.escape(productName)}\\s+(is|are|offers|provides|helps)\\s+`, 'i'), '')
    .replace(/[.!?]+$/, '')
    .replace(/[()]/g, '')
  return clause === '' || wordCount(clause) > 14 ? '' : ` (${lowerFirst(clause, [productName])})`
}

const typos: readonly (readonly [RegExp, string])[] = [
  [/\bi\b/g, 'I'],
  [/\bi(['’](?:m|ve|d|ll))\b/g, 'I$1'],
  [/\b(do|does|did|is|are|was|were|has|have|could|would|should|ca|wo)nt\b/gi, "$1n't"],
  [/\bteh\b/gi, 'the'],
  [/\balot\b/gi, 'a lot'],
  [/\b(defin)[ai]t(?:e?ly|ley)\b/gi, '$1itely'],
  [/\breciev/gi, 'receiv'],
  [/\bseperate/gi, 'separate'],
  [/\brecom+end/gi, 'recommend'],
  [/\bthier\b/gi, 'their'],
  [/\s+([,.!?;:])/g, '$1'],
  [/([,;])(?=\p{L})/gu, '$1 '],
  [/([!?])\1+/g, '$1'],
]

/** The text mended; a wish for shorter, more formal or more casual wording is followed. */
export function polish({ text, wish }: { text: string; wish: string | null }): string {
  const mended = text
    .split(/\n{2,}/)
    .map((paragraph) =>
      typos.reduce((result, [pattern, replacement]) => result.replaceAll(pattern, replacement), paragraph),
    )
    .map((paragraph) => sentencesOf(paragraph).map(asSentence))
    .filter((sentences) => sentences.length > 0)
  const isShorter = wish !== null && /\b(short\w*|brief\w*|concise|trim|cut)\b/i.test(wish)
  const kept = isShorter
    ? mended.map((sentences) => sentences.slice(0, Math.ceil(sentences.length / 2)))
    : mended
  const result = kept.map((sentences) => sentences.join(' ')).join('\n\n')
  const whole = result === '' ? asSentence(text.replaceAll(/<[^>]*>/g, ' ')) : result
  if (wish !== null && /\b(formal|professional)\b/i.test(wish) && !/less (formal|professional)/i.test(wish)) {
    return formal(whole)
  }
  return wish !== null && /\b(casual|friendly|relaxed|less formal)\b/i.test(wish) ? relaxed(whole) : whole
}
