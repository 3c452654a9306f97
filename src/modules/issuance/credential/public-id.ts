import baseX from 'base-x'
import { pooledRandomBytes } from '#platform/crypto/random-pool.ts'

const base58 = baseX('123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz')

/** 128 random bits in base58: an address that nobody can guess and a person can type. */
export const randomPublicId = (): string => base58.encode(pooledRandomBytes(16)).padStart(22, '1')

/** Where people look at a credential: it shows the current version. */
export const viewUrl = (publicUrl: string, publicId: string): string => `${publicUrl}/v/${publicId}`
