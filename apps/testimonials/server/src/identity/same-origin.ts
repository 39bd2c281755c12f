import { errorOf } from '@stipend/engine'

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Browsers send cookies along with requests that other pages make. What changes something is taken with a cookie only
 * from pages of ours: by the Origin header, which browsers send with every such request.
 * @throws StipendError forbidden
 */
export function requireOwnOrigin(request: Request, trustedOrigins: readonly string[]): void {
  if (safeMethods.has(request.method)) return
  const origin = request.headers.get('origin')
  if (origin !== null && trustedOrigins.includes(origin)) return
  if (origin === null && request.headers.get('sec-fetch-site') === 'same-origin') return
  const message =
    'With a session cookie this is only taken from a page of this product: send its Origin header, or use an API key.'
  throw errorOf('forbidden', { message, field: 'Origin' })
}
