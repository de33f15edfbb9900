import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {readDevices} from '../../../../src/kernel/config/devices.js'
import {readIpSets} from '../../../../src/kernel/config/ipset.js'
import {readListeners} from '../../../../src/kernel/config/listeners.js'
import type {Device, IpSet} from '../../../../src/kernel/config/model.js'
import {readSysctls} from '../../../../src/kernel/config/sysctl.js'
import {recordedNamespaces} from '../../capture-states.js'
import {ipSet, deviceList, listenerList} from './namespace-models.js'
import {deviceTexts, ipsetList, ipsetSave, socketsText, sysctlText} from './print-namespace.js'

const asSource = (text: string): {readonly file: string; readonly text: string} => ({file: 'f', text})
const STATES = ['node-2022', 'in-pod', 'in-pod-bypass']

describe('sets', () => {
  const read = (text: string): unknown => readIpSets(asSource(text)).map(setMeaning)

  test('printed by ipset save and ipset list they are read as they were', () => {
    fc.assert(
      fc.property(fc.uniqueArray(ipSet, {maxLength: 4, selector: ({name}) => name}), (sets) => {
        expect(read(ipsetSave(sets))).toEqual(sets.map(setMeaning))
        expect(read(ipsetList(sets))).toEqual(sets.map(setMeaning))
      }),
    )
  })

  test.each(STATES)('of a real kernel are the same after they were printed again: %s', (state) => {
    for (const {sets} of recordedNamespaces(state)) {
      const wanted = [...sets.values()].map(setMeaning)
      expect([read(ipsetSave([...sets.values()])), read(ipsetList([...sets.values()]))]).toEqual([wanted, wanted])
    }
  })
})

function setMeaning({name, type, members}: IpSet): unknown {
  return {name, type, members: members.map(({text, parts, nomatch, wildcard, comment}) => ({text, parts, nomatch, wildcard, comment}))}
}

describe('devices', () => {
  const read = (...texts: readonly string[]): unknown => readDevices(...texts.map(asSource)).map(deviceMeaning)

  test('printed by ip addr and ip -d link they are read as they were', () => {
    fc.assert(
      fc.property(deviceList, (devices) => {
        const {addr, link} = deviceTexts(devices)
        expect(read(addr, link)).toEqual(devices.map(deviceMeaning))
      }),
    )
  })

  test.each(STATES)('of a real kernel are the same after they were printed again: %s', (state) => {
    for (const {devices} of recordedNamespaces(state)) {
      const {addr, link} = deviceTexts(devices)
      expect(read(addr, link)).toEqual(devices.map(deviceMeaning))
    }
  })
})

/** Without its line. */
function deviceMeaning({name, index, up, attachment, master, hairpin, addresses}: Device): unknown {
  return {name, index, up, attachment, master, hairpin, addresses}
}

describe('sockets', () => {
  test('printed by ss they are read as they were', () => {
    fc.assert(
      fc.property(listenerList, (listeners) => {
        const read = readListeners(asSource(socketsText(listeners)))
        expect(read.map(({place, ...rest}) => [place?.file, rest])).toEqual(
          listeners.map((one) => ['f', {...one, mark: 0, transparent: false}]),
        )
      }),
    )
  })
})

describe('settings', () => {
  const settings = fc.dictionary(
    fc.constantFrom('net.ipv4.ip_forward', 'net.ipv4.conf.eth0.rp_filter', 'net.bridge.bridge-nf-call-iptables'),
    fc.constantFrom('0', '1', '2', '0\t2147483647', ''),
  )

  test('printed by sysctl they are read as they were', () => {
    fc.assert(
      fc.property(settings, (all) => {
        const map = new Map(Object.entries(all))
        expect(readSysctls(asSource(sysctlText(map)))).toEqual(map)
      }),
    )
  })
})
