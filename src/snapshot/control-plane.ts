import {isIP} from 'node:net'
import ipaddr from 'ipaddr.js'
import type {ControlPlane, ToldService, ToldWorkload} from '../flow/control-plane.js'
import type {InventorySource} from '../flow/inventory.js'
import type {DumpStore} from '../json/store.js'
import type {View} from '../json/view.js'

/** Reads what istiod's `/debug/ambientz` prints: workloads and services as protobuf-JSON. Source: ambient-ga A.1. */
export function readControlPlane(store: DumpStore): ControlPlane {
  const all = <T>(section: string, read: (view: View, recorded: InventorySource) => T): readonly T[] =>
    [...store.refs(section)].map((ref) => read(store.read(ref), {file: store.name, pointer: ref.pointer}))
  return {services: all('services', readService), workloads: all('workloads', readWorkload)}
}

function readService(view: View, recorded: InventorySource): ToldService {
  return {...namesOf(view), recorded, hostname: view.str('hostname') ?? '', ...waypointOf(view)}
}

function readWorkload(view: View, recorded: InventorySource): ToldWorkload {
  return {
    ...namesOf(view),
    recorded,
    uid: view.str('uid') ?? '',
    ips: view.list('addresses').flatMap((address) => ipOf(address.text() ?? '') ?? []),
    // The zero value of the enumeration is left out.
    healthy: view.str('status') !== 'UNHEALTHY',
    services: (view.get('services')?.entries() ?? []).map(([key]) => key),
    ...waypointOf(view),
  }
}

function namesOf(view: View): {readonly name: string; readonly namespace: string} {
  return {name: view.str('name') ?? '', namespace: view.str('namespace') ?? ''}
}

function waypointOf(view: View): {readonly waypoint?: string} {
  const hostname = view.path('waypoint', 'hostname')
  if (hostname !== undefined) return {waypoint: `${hostname.str('namespace') ?? ''}/${hostname.str('hostname') ?? ''}`}
  const address = view.path('waypoint', 'address')
  const ip = ipOf(address?.str('address') ?? '')
  return ip === undefined ? {} : {waypoint: `${address?.str('network') ?? ''}/${ip}`}
}

/** Addresses are bytes, so base64; istiod puts their text there, other printers the bytes themselves. */
function ipOf(base64: string): string | undefined {
  const bytes = Buffer.from(base64, 'base64')
  const text = bytes.toString('latin1')
  if (isIP(text) !== 0) return text
  return bytes.length === 4 || bytes.length === 16 ? ipaddr.fromByteArray([...bytes]).toString() : undefined
}
