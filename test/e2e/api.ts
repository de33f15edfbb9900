import {readFileSync} from 'node:fs'
import {request} from 'node:https'

/** How the API server is reached by its administrator. */
export interface Api {
  readonly port: number
  readonly certificate: string
  readonly token: string
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly body?: object
}

export interface Reply {
  readonly status: number
  readonly text: string
}

/** One request to the API server. */
export function callApi({port, certificate, token}: Api, {method, path, body}: Call): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const headers = {authorization: `Bearer ${token}`, 'content-type': 'application/json'}
    const sent = request({host: '127.0.0.1', port, path, method, headers, ca: readFileSync(certificate), agent: false}, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => {
        resolve({status: response.statusCode ?? 0, text})
      })
    })
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/** An object of the API, as far as it must be known to be put there. */
export interface ApiObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {readonly name: string; readonly namespace?: string}
  readonly status?: unknown
}

/** Makes an object that may be there already, with its status. @throws Error with what the API server said. */
export async function create(api: Api, object: ApiObject): Promise<void> {
  const {status, ...rest} = object
  const made = await callApi(api, {method: 'POST', path: collectionOf(object), body: rest})
  if (made.status >= 300 && made.status !== 409) throw new Error(`${object.kind} ${object.metadata.name}: ${made.text}`)
  if (status === undefined || made.status === 409) return
  const known: unknown = JSON.parse(made.text)
  const path = `${collectionOf(object)}/${object.metadata.name}/status`
  const body = {...(typeof known === 'object' ? known : {}), status}
  const put = await callApi(api, {method: 'PUT', path, body})
  if (put.status >= 300) throw new Error(`status of ${object.kind} ${object.metadata.name}: ${put.text}`)
}

function collectionOf({apiVersion, kind, metadata: {namespace}}: ApiObject): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const plural = `${kind.toLowerCase()}s`
  return namespace === undefined ? `${root}/${plural}` : `${root}/namespaces/${namespace}/${plural}`
}
