import { setTimeout as sleep } from 'node:timers/promises'
import { type Context, paint, print } from '../context.ts'
import { CALLERS, CALLERS_PER_PROCESS, PROCESSES } from './catalog.ts'

const ROWS = 10
const COLUMNS = CALLERS_PER_PROCESS / ROWS
/** The answers come within a few hundredths of a second: on a terminal they are drawn at a pace that eyes follow. */
const DRAWN_EVERY_MS = 10
const LINES_WITHOUT_TERMINAL = 10

export interface Answer {
  /** From 0. */
  readonly process: number
  readonly caller: number
  readonly isAdmitted: boolean
}

/** Shows the answers as they come: a field of cells on a terminal, a few lines elsewhere. */
export class Grid {
  readonly #context: Context
  readonly #isDrawn: boolean
  readonly #cells: (boolean | null)[] = Array.from({ length: CALLERS }, () => null)
  readonly #waiting: Answer[] = []
  #shown = 0
  #admitted = 0

  constructor(context: Context) {
    const { output } = context
    this.#context = context
    this.#isDrawn = output.isTTY === true && output.columns >= 50 && output.rows >= ROWS + 6
  }

  add(answer: Answer): void {
    this.#waiting.push(answer)
  }

  /** Shows answers in the order in which they came until all callers have theirs, or the signal says stop. */
  async show(signal: AbortSignal): Promise<void> {
    const { output } = this.#context
    if (this.#isDrawn) output.write(`\u001b[?25l${this.#picture()}`)
    while (this.#shown < CALLERS && !signal.aborted) {
      const answer = this.#waiting.shift()
      if (answer !== undefined) this.#take(answer)
      if (this.#isDrawn || answer === undefined) await sleep(DRAWN_EVERY_MS)
    }
    output.write(this.#isDrawn ? '\u001b[?25h' : this.#picture())
  }

  #take({ process, caller, isAdmitted }: Answer): void {
    this.#cells[process * CALLERS_PER_PROCESS + caller] = isAdmitted
    this.#shown += 1
    if (isAdmitted) this.#admitted += 1
    if (this.#isDrawn) this.#context.output.write(`\u001b[${ROWS + 2}A${this.#picture()}`)
    else if (this.#shown % (CALLERS / LINES_WITHOUT_TERMINAL) === 0) print(this.#context, this.#tally())
  }

  #picture(): string {
    const rows = Array.from({ length: ROWS }, (_, row) => {
      const halves = Array.from({ length: PROCESSES }, (_, half) => {
        const start = half * CALLERS_PER_PROCESS + row * COLUMNS
        return this.#cells.slice(start, start + COLUMNS).map((cell) => this.#symbol(cell))
      })
      return `  ${halves.map((cells) => cells.join(' ')).join('   ')}`
    })
    return `${['', ...rows, this.#tally()].join('\n')}\n`
  }

  /** Told apart by form as well as by colour. */
  #symbol(isAdmitted: boolean | null): string {
    const { output } = this.#context
    if (isAdmitted === null) return paint(output, 'dim', '·')
    return isAdmitted ? paint(output, 'green', '●') : paint(output, 'red', '×')
  }

  #tally(): string {
    const { output } = this.#context
    const refused = this.#shown - this.#admitted
    const [shown, admitted, out] = [this.#shown, this.#admitted, refused].map((n) => String(n).padStart(3))
    return `  ${shown} answered: ${paint(output, 'green', `${admitted} admitted`)}, ${paint(output, 'red', `${out} refused`)}`
  }
}
