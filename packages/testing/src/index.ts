export { databaseUrl, startTestCluster, type TestCluster, type TestLogin } from './cluster.ts'
export { createTestDatabase, type TestDatabase } from './test-database.ts'
