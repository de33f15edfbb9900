import type {HttpRequest} from '../../flow/connection.js'
import {headerLines} from '../connection.js'

/** `application/grpc` or `application/grpc+…`; `application/grpc-web` is none. Source: envoy-2022 D5 (grpc/common.cc). */
export function hasGrpcContentType(request: HttpRequest): boolean {
  return /^application\/grpc(\+|$)/.test(headerLines(request, 'content-type')[0] ?? '')
}
