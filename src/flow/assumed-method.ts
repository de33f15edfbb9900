/** The method of a request that names none: gRPC and gRPC-Web clients send POST, any other is taken to send GET. */
export function assumedMethod(headers: readonly (readonly [name: string, value: string])[]): 'GET' | 'POST' {
  const isGrpc = headers.some(([name, value]) => name.toLowerCase() === 'content-type' && value.startsWith(GRPC_CONTENT_TYPE))
  return isGrpc ? 'POST' : 'GET'
}

/** What a gRPC client writes into content-type. */
export const GRPC_CONTENT_TYPE = 'application/grpc'
