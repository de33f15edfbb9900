import {createSign, generateKeyPairSync, randomBytes} from 'node:crypto'

/** Who may do what: `admin` everything, the others what a test grants them. */
export const USERS = ['admin', 'documented', 'forwarder', 'stranger'] as const
export type User = (typeof USERS)[number]

export interface Keys {
  readonly publicPem: string
  readonly privatePem: string
}

export function createKeys(): Keys {
  const {publicKey, privateKey} = generateKeyPairSync('rsa', {modulusLength: 2048})
  return {
    publicPem: publicKey.export({type: 'spki', format: 'pem'}).toString(),
    privatePem: privateKey.export({type: 'pkcs1', format: 'pem'}).toString(),
  }
}

export function createTokens(): ReadonlyMap<User, string> {
  return new Map(USERS.map((user) => [user, randomBytes(16).toString('hex')]))
}

/** What `--token-auth-file` reads. */
export function tokenFile(tokens: ReadonlyMap<User, string>): string {
  return [...tokens].map(([user, token]) => `${token},${user},${user}${user === 'admin' ? ',system:masters' : ''}\n`).join('')
}

export const ISSUER = 'https://e2e.ambientctl.local'

/** A token of a service account that the cluster itself signed, and that ended an hour ago. */
export function expiredToken({privatePem}: Keys): string {
  const now = Math.floor(Date.now() / 1000)
  const claims = {iss: ISSUER, aud: [ISSUER], sub: 'system:serviceaccount:default:old', iat: now - 7200, nbf: now - 7200, exp: now - 3600}
  const text = [{alg: 'RS256', typ: 'JWT'}, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${text}.${createSign('RSA-SHA256').update(text).sign(privatePem, 'base64url')}`
}
