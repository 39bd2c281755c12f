import { stipend } from '../../../../stipend.ts'

const handler = (request: Request) => stipend.fetch(request)

export { handler as DELETE, handler as GET, handler as POST, handler as PUT }
