export {
  databaseUrl,
  serverDatabaseUrl,
  startTestCluster,
  type TestCluster,
  type TestLogin,
} from './cluster.ts'
export { readText } from './read-text.ts'
export { TcpProxy } from './tcp-proxy.ts'
export { createTestDatabase, type TestDatabase } from './test-database.ts'
