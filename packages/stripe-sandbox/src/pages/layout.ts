import { html } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'

type Markup = HtmlEscapedString | Promise<HtmlEscapedString>

/** What hosted pages may load: nothing from elsewhere, no scripts. */
export const pagePolicy =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' http: https:; base-uri 'none'; frame-ancestors 'none'"

const style = `
:root { color-scheme: light dark; --ink: #1a1f36; --soft: #5b6378; --line: #d8dce6; --page: #f6f8fb; --card: #fff; --accent: #4f46e5; --on: #fff; --warn: #8a5a00; --warn-bg: #fff4d6; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #eceef4; --soft: #a4abbd; --line: #363c4c; --page: #12151d; --card: #1b1f2a; --accent: #8b85ff; --on: #12151d; --warn: #ffd98a; --warn-bg: #3a2e10; --bad: #ff9a91; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
.note { background: var(--warn-bg); color: var(--warn); padding: .6rem 1rem; text-align: center; font-size: .9rem; }
main { max-width: 30rem; margin: 2rem auto; padding: 0 1rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; margin-bottom: 1rem; }
h1 { font-size: 1.25rem; margin: 0 0 .25rem; } h2 { font-size: 1rem; margin: 0 0 .75rem; }
.amount { font-size: 2rem; font-weight: 650; font-variant-numeric: tabular-nums; }
.soft { color: var(--soft); font-size: .9rem; }
.row { display: flex; justify-content: space-between; gap: 1rem; padding: .35rem 0; }
fieldset { border: 0; padding: 0; margin: 0 0 1rem; } legend { font-weight: 600; margin-bottom: .4rem; padding: 0; }
label.choice { display: flex; gap: .6rem; align-items: baseline; padding: .45rem 0; border-top: 1px solid var(--line); }
label.choice:first-of-type { border-top: 0; } code { font-size: .85em; color: var(--soft); white-space: nowrap; }
button, a.button { display: block; width: 100%; border: 0; border-radius: .5rem; padding: .75rem 1rem; font: inherit; font-weight: 600; text-align: center; text-decoration: none; background: var(--accent); color: var(--on); cursor: pointer; }
button.plain, a.plain { background: transparent; color: var(--accent); border: 1px solid var(--line); margin-top: .5rem; }
button:focus-visible, a:focus-visible, input:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.bad { color: var(--bad); font-weight: 600; } table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; } td { padding: .35rem 0; border-top: 1px solid var(--line); } td:last-child { text-align: right; } a { color: var(--accent); }
`

export function layout(title: string, content: Markup | string): Markup {
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} · Sandbox</title><style>${style}</style></head>
<body><p class="note" style="margin:0" role="note"><strong>Sandbox.</strong> This page plays the payment provider’s part: no money moves, no card is charged.</p>
<main>${content}</main></body></html>`
}

export function money(cents: number, currency: string): string {
  return new Intl.NumberFormat('en-US', { style: 'currency', currency }).format(cents / 100)
}

export const dayOf = (seconds: number): string =>
  new Date(seconds * 1000).toLocaleDateString('en-US', {
    timeZone: 'UTC',
    year: 'numeric',
    month: 'short',
    day: 'numeric',
  })

interface Choice {
  value: string
  title: string
  hint: string
}

/** Ways to pay, with what comes of each. */
export const ways: readonly Choice[] = [
  { value: '4242424242424242', title: 'Card that works', hint: '4242 4242 4242 4242' },
  { value: '4000000000000002', title: 'Card that is declined', hint: '4000 0000 0000 0002' },
  { value: '4000000000009995', title: 'Card without funds', hint: '4000 0000 0000 9995' },
  { value: '4000000000000341', title: 'Card that is saved, then declined', hint: '4000 0000 0000 0341' },
  { value: '4000000000000259', title: 'Card whose owner disputes the payment', hint: '4000 0000 0000 0259' },
]

export const bankDebit: Choice = { value: 'bank', title: 'Bank debit', hint: 'paid later, or not' }

export function chooseWay(choices: readonly Choice[]): Markup {
  return html`<fieldset><legend>Pay with</legend>${choices.map(
    ({ value, title, hint }, index) =>
      html`<label class="choice"><input type="radio" name="way" value="${value}" ${index === 0 ? 'checked' : ''}> <span>${title} <code>${hint}</code></span></label>`,
  )}</fieldset>`
}
