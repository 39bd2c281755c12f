import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type Stripe from 'stripe'
import { missing } from './api-error.ts'

/** What is kept, by kind: Stripe's objects with references as ids. */
export interface Objects {
  billing_configuration: Stripe.BillingPortal.Configuration
  billing_session: Stripe.BillingPortal.Session
  charge: Stripe.Charge
  checkout_session: Stripe.Checkout.Session
  customer: Stripe.Customer
  dispute: Stripe.Dispute
  event: Stripe.Event
  invoice: Stripe.Invoice
  invoice_item: Stripe.InvoiceItem
  invoice_payment: Stripe.InvoicePayment
  payment_intent: Stripe.PaymentIntent
  payment_method: Stripe.PaymentMethod
  price: Stripe.Price
  product: Stripe.Product
  refund: Stripe.Refund
  subscription: Stripe.Subscription
  test_clock: Stripe.TestHelpers.TestClock
  webhook_endpoint: Stripe.WebhookEndpoint
}
export type Kind = keyof Objects

const prefixes: Readonly<Record<Kind, string>> = {
  billing_configuration: 'bpc',
  billing_session: 'bps',
  charge: 'ch',
  checkout_session: 'cs',
  customer: 'cus',
  dispute: 'dp',
  event: 'evt',
  invoice: 'in',
  invoice_item: 'ii',
  invoice_payment: 'inpay',
  payment_intent: 'pi',
  payment_method: 'pm',
  price: 'price',
  product: 'prod',
  refund: 're',
  subscription: 'sub',
  test_clock: 'clock',
  webhook_endpoint: 'we',
}

const names: Partial<Record<Kind, string>> = {
  billing_configuration: 'configuration',
  checkout_session: 'checkout.session',
  payment_method: 'PaymentMethod',
}

/** What only the sandbox knows of its objects: what a card does, what a session is for. */
export type Notes = Record<string, unknown>

interface Snapshot {
  objects: Partial<Record<Kind, [string, unknown][]>>
  notes: [string, Notes][]
  sequence: number
}

/** All objects, in memory; with a file, kept across restarts. */
export class Store {
  readonly #objects = new Map<Kind, Map<string, unknown>>()
  readonly #notes = new Map<string, Notes>()
  readonly #file: string | undefined
  #timer: NodeJS.Timeout | undefined
  #sequence = 0

  constructor(file?: string) {
    this.#file = file
    if (file !== undefined) this.#read(file)
  }

  /** A new id such as `cus_000001Xy…`: later ones sort later, as lists are. */
  newId(kind: Kind): string {
    const mode = kind === 'checkout_session' ? '_test' : ''
    return `${prefixes[kind]}${mode}_${this.newSuffix()}`
  }

  newSuffix(): string {
    this.#sequence += 1
    return `${this.#sequence.toString(36).padStart(6, '0')}${randomBytes(9).toString('base64url').replaceAll(/[-_]/g, 'x')}`
  }

  put<K extends Kind>(kind: K, object: Objects[K]): Objects[K] {
    this.#of(kind).set(object.id, object)
    this.changed()
    return object
  }

  find<K extends Kind>(kind: K, id: string): Objects[K] | undefined {
    return this.#of(kind).get(id) as Objects[K] | undefined
  }

  get<K extends Kind>(kind: K, id: string, param?: string): Objects[K] {
    const object = this.find(kind, id)
    if (object === undefined) throw missing(names[kind] ?? kind, id, param)
    return object
  }

  /** Oldest first. */
  all<K extends Kind>(kind: K): Objects[K][] {
    return [...this.#of(kind).values()] as Objects[K][]
  }

  delete(kind: Kind, id: string): void {
    this.#of(kind).delete(id)
    this.changed()
  }

  /** An object of any kind, by its id. */
  findAny(id: string): { kind: Kind; object: unknown } | undefined {
    for (const [kind, objects] of this.#objects) {
      const object = objects.get(id)
      if (object !== undefined) return { kind, object }
    }
    return undefined
  }

  notes(id: string): Notes {
    const notes = this.#notes.get(id)
    if (notes !== undefined) return notes
    const fresh: Notes = {}
    this.#notes.set(id, fresh)
    return fresh
  }

  /** To be called after an object was changed in place. */
  changed(): void {
    if (this.#file === undefined || this.#timer !== undefined) return
    this.#timer = setTimeout(() => this.save(), 100)
    this.#timer.unref()
  }

  save(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#file === undefined) return
    const objects = Object.fromEntries([...this.#objects].map(([kind, map]) => [kind, [...map]]))
    const snapshot: Snapshot = { objects, notes: [...this.#notes], sequence: this.#sequence }
    const next = `${this.#file}.next`
    writeFileSync(next, JSON.stringify(snapshot), { mode: 0o600 })
    renameSync(next, this.#file)
  }

  #of(kind: Kind): Map<string, unknown> {
    const objects = this.#objects.get(kind)
    if (objects !== undefined) return objects
    const fresh = new Map<string, unknown>()
    this.#objects.set(kind, fresh)
    return fresh
  }

  #read(file: string): void {
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch {
      return
    }
    const snapshot = JSON.parse(text) as Snapshot
    this.#sequence = snapshot.sequence
    for (const [id, notes] of snapshot.notes) this.#notes.set(id, notes)
    for (const kind of Object.keys(prefixes) as Kind[]) {
      for (const [id, object] of snapshot.objects[kind] ?? []) this.#of(kind).set(id, object)
    }
  }
}
