import process from 'node:process'
import { createReceiver } from './receiver.ts'

const { STIPEND_WEBHOOK_SECRET: secret, PORT: port = '4000' } = process.env
if (secret === undefined)
  throw new Error('Set STIPEND_WEBHOOK_SECRET to the whsec_… that the endpoint was made with.')
createReceiver(secret, async ({ type, data }) => console.log(type, JSON.stringify(data))).listen(Number(port))
