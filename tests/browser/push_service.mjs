// A push service on loopback, with the device behind it: it checks the sender's VAPID token with Node's own
// cryptography and opens the payload with http_ece, neither of which the server uses. One JSON line for each push.
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import crypto from 'node:crypto'

const require = createRequire(`${process.env.FIELDLINE_TARGET}/browser/`)
const ece = require('http_ece')

const device = crypto.createECDH('prime256v1')
device.generateKeys()
const auth = crypto.randomBytes(16)
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)
const base64url = (buffer) => buffer.toString('base64url')

/** The claims of a VAPID token (RFC 8292), or why it is none. */
function claims(header) {
  const found = /^vapid t=([^,]+), ?k=(\S+)$/.exec(header ?? '')
  if (!found) return { error: `no VAPID header: ${header}` }
  const [, token, key] = found
  const [head, body, signature] = token.split('.')
  const point = Buffer.from(key, 'base64url')
  const jwk = { kty: 'EC', crv: 'P-256', x: base64url(point.subarray(1, 33)), y: base64url(point.subarray(33)) }
  const right = crypto.verify('sha256', Buffer.from(`${head}.${body}`),
    { key: crypto.createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'))
  return right ? { key, ...JSON.parse(Buffer.from(body, 'base64url')) } : { error: 'the signature is wrong' }
}

const service = createServer((request, response) => {
  const pieces = []
  request.on('data', (piece) => pieces.push(piece))
  request.on('end', () => {
    if (request.url === '/gone') {
      say({ gone: true })
      return response.writeHead(410).end()
    }
    let opened
    try {
      opened = ece.decrypt(Buffer.concat(pieces), { version: 'aes128gcm', privateKey: device, authSecret: auth }).toString()
    } catch (error) {
      opened = `cannot be opened: ${error.message}`
    }
    say({ path: request.url, ttl: request.headers.ttl, urgency: request.headers.urgency, encoding: request.headers['content-encoding'],
      claims: claims(request.headers.authorization), opened, bytes: Buffer.concat(pieces).length })
    response.writeHead(201).end()
  })
})
service.listen(0, '127.0.0.1', () => say({ port: service.address().port, p256dh: base64url(device.getPublicKey()), auth: base64url(auth) }))
// Whoever started this holds its standard input open for as long as it is needed.
process.stdin.on('end', () => process.exit(0)).resume()
