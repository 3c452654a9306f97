export * from './contract.ts'
export * from './events.ts'
export { scopes } from './scopes.ts'
