import { existsSync, readFileSync } from 'node:fs'
import { deflateSync } from 'node:zlib'
import { QuietPart, trapMisses } from '../part.ts'

interface Size {
  width: number
  height: number
}

interface Representation extends Size {
  scaleFactor: number
  png: Buffer
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
/** The `@` suffixes that Electron looks for beside a file. */
const SCALES = [1, 1.25, 1.33, 1.4, 1.5, 1.8, 2, 2.5, 3, 4, 5]

/** Electron's `NativeImage` for PNG (also inside ICO); other formats are empty, as undecodable files are in Electron. */
export class NativeImage extends QuietPart {
  isMacTemplateImage = false
  private readonly representations: Representation[] = []

  static createEmpty(): NativeImage {
    return new NativeImage()
  }

  static createFromPath(path: string): NativeImage {
    const image = new NativeImage()
    const [, base = path, extension = ''] = /^(.*?)(\.[^./\\]*)?$/s.exec(path) ?? []
    if (existsSync(path)) image.add(readFileSync(path), 1)
    for (const scale of SCALES) {
      const file = `${base}@${scale}x${extension}`
      if (existsSync(file)) image.add(readFileSync(file), scale)
    }
    image.isMacTemplateImage = process.platform === 'darwin' && base.endsWith('Template')
    return image
  }

  static createFromBuffer(
    buffer: Buffer,
    options: { width?: number; height?: number; scaleFactor?: number } = {},
  ): NativeImage {
    const image = new NativeImage()
    if (options.width !== undefined && options.height !== undefined && pngOf(buffer) === undefined) {
      return NativeImage.createFromBitmap(buffer, {
        ...options,
        width: options.width,
        height: options.height,
      })
    }
    image.add(buffer, options.scaleFactor ?? 1)
    return image
  }

  static createFromBitmap(
    buffer: Buffer,
    options: { width: number; height: number; scaleFactor?: number },
  ): NativeImage {
    const image = new NativeImage()
    if (buffer.length !== options.width * options.height * 4) throw new Error('invalid buffer size')
    image.add(encodePng(buffer, options), options.scaleFactor ?? 1)
    return image
  }

  static createFromDataURL(dataURL: string): NativeImage {
    const image = new NativeImage()
    const match = /^data:[^,]*?(;base64)?,(.*)$/s.exec(dataURL)
    if (match?.[2] !== undefined) {
      image.add(
        match[1] === undefined ? Buffer.from(decodeURIComponent(match[2])) : Buffer.from(match[2], 'base64'),
        1,
      )
    }
    return image
  }

  isEmpty(): boolean {
    return this.representations.length === 0
  }

  getSize(scaleFactor = 1): Size {
    const found = this.nearest(scaleFactor)
    if (found === undefined) return { width: 0, height: 0 }
    return {
      width: Math.round(found.width / found.scaleFactor),
      height: Math.round(found.height / found.scaleFactor),
    }
  }

  getAspectRatio(): number {
    const { width, height } = this.getSize()
    return height === 0 ? 1 : width / height
  }

  getScaleFactors(): number[] {
    return this.representations.map(({ scaleFactor }) => scaleFactor).sort((a, b) => a - b)
  }

  toPNG(options: { scaleFactor?: number } = {}): Buffer {
    return this.nearest(options.scaleFactor ?? 1)?.png ?? Buffer.alloc(0)
  }

  toDataURL(options: { scaleFactor?: number } = {}): string {
    return `data:image/png;base64,${this.toPNG(options).toString('base64')}`
  }

  setTemplateImage(option: boolean): void {
    this.isMacTemplateImage = option
  }

  isTemplateImage(): boolean {
    return this.isMacTemplateImage
  }

  addRepresentation(options: {
    scaleFactor?: number
    width?: number
    height?: number
    buffer?: Buffer
    dataURL?: string
  }): void {
    const { buffer, dataURL, width, height, scaleFactor = 1 } = options
    if (dataURL !== undefined) this.add(NativeImage.createFromDataURL(dataURL).toPNG(), scaleFactor)
    else if (buffer !== undefined && pngOf(buffer) !== undefined) this.add(buffer, scaleFactor)
    else if (buffer !== undefined && width !== undefined && height !== undefined) {
      this.add(encodePng(buffer, { width, height }), scaleFactor)
    }
  }

  private nearest(scaleFactor: number): Representation | undefined {
    return this.representations.toSorted(
      (a, b) => Math.abs(a.scaleFactor - scaleFactor) - Math.abs(b.scaleFactor - scaleFactor),
    )[0]
  }

  private add(bytes: Buffer, scaleFactor: number): void {
    const png = pngOf(bytes)
    if (png === undefined) return
    this.representations.push({ png, width: png.readUInt32BE(16), height: png.readUInt32BE(20), scaleFactor })
  }
}

/** The bytes if they are a PNG, or the largest PNG inside an ICO. */
function pngOf(bytes: Buffer): Buffer | undefined {
  if (bytes.length > 24 && bytes.subarray(0, 8).equals(PNG_SIGNATURE)) return bytes
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== 0x00010000) return undefined
  let largest: Buffer | undefined
  for (let i = 0; i < bytes.readUInt16LE(4); i++) {
    const entry = 6 + i * 16
    if (entry + 16 > bytes.length) break
    const size = bytes.readUInt32LE(entry + 8)
    const offset = bytes.readUInt32LE(entry + 12)
    const inner = bytes.subarray(offset, offset + size)
    const isPng = inner.length > 24 && inner.subarray(0, 8).equals(PNG_SIGNATURE)
    if (isPng && (largest === undefined || inner.readUInt32BE(16) > largest.readUInt32BE(16))) largest = inner
  }
  return largest
}

/** Writes BGRA pixels (Electron's bitmap order) as an unfiltered PNG. */
function encodePng(bgra: Buffer, { width, height }: Size): Buffer {
  const rows = Buffer.alloc((width * 4 + 1) * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 4
      const to = y * (width * 4 + 1) + 1 + x * 4
      rows[to] = bgra[from + 2] ?? 0
      rows[to + 1] = bgra[from + 1] ?? 0
      rows[to + 2] = bgra[from] ?? 0
      rows[to + 3] = bgra[from + 3] ?? 0
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 6, 0, 0, 0], 8)
  return Buffer.concat([
    PNG_SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, checksum])
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}

/** Electron's `nativeImage` module: only the factories. */
export const nativeImageModule = Object.setPrototypeOf(
  {
    createEmpty: NativeImage.createEmpty,
    createFromPath: NativeImage.createFromPath,
    createFromBuffer: NativeImage.createFromBuffer,
    createFromBitmap: NativeImage.createFromBitmap,
    createFromDataURL: NativeImage.createFromDataURL,
  },
  trapMisses(Object.prototype, () => 'nativeImage'),
) as Pick<
  typeof NativeImage,
  'createEmpty' | 'createFromPath' | 'createFromBuffer' | 'createFromBitmap' | 'createFromDataURL'
>
