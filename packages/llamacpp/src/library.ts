/**
 * Finds the folder of llama.cpp's prebuilt libraries: the npm packages `@node-llama-cpp/<platform>`, of which only the
 * shared libraries are used. Structs cross the border by value, so only the releases whose layouts were compared byte by
 * byte are accepted. Nothing is loaded here.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fail, LlamaXrError } from '@llama-xr/core';

export const DEVICES = ['cpu', 'cuda', 'vulkan', 'metal'] as const;
export type Device = (typeof DEVICES)[number];
/** `auto` is a GPU whose build is installed and finds one, else the CPU; all others are taken at their word. */
export type DeviceChoice = Device | 'auto';

/** The releases of llama.cpp whose structs binding.ts describes, and the npm version that carries each. */
const NPM_VERSION = new Map([
  ['0.5.0', '3.22.1'],
  ['0.4.0', '3.21.1'],
]);

/** The last release that was prebuilt for each platform, and the package that holds it. */
const PREBUILT: Record<string, Partial<Record<Device, readonly [name: string, release: string]>>> = {
  'linux-x64': {
    cpu: ['linux-x64', '0.5.0'],
    cuda: ['linux-x64-cuda', '0.5.0'],
    vulkan: ['linux-x64-vulkan', '0.5.0'],
  },
  'linux-arm64': { cpu: ['linux-arm64', '0.5.0'] },
  // Apple silicon has one package; on the CPU it runs with no layer on the GPU.
  'darwin-arm64': { cpu: ['mac-arm64-metal', '0.4.0'], metal: ['mac-arm64-metal', '0.4.0'] },
  'darwin-x64': { cpu: ['mac-x64', '0.4.0'] },
  'win32-x64': {
    cpu: ['win-x64', '0.4.0'],
    cuda: ['win-x64-cuda', '0.4.0'],
    vulkan: ['win-x64-vulkan', '0.4.0'],
  },
  'win32-arm64': { cpu: ['win-arm64', '0.4.0'] },
};

/** Version of the GNU C library that the Linux builds were linked against. */
const GLIBC_NEEDED = '2.34';

export interface NativeLibrary {
  /** The npm package that holds it. */
  readonly packageName: string;
  /** Folder of all libraries; ggml looks here for its CPU variants. */
  readonly folder: string;
  readonly ggmlBase: string;
  readonly ggml: string;
  readonly llama: string;
  /** llama.cpp's release, such as `0.5.0`. */
  readonly release: string;
}

export interface Platform {
  /** `linux-x64`, `darwin-arm64` ... */
  readonly name: string;
  /** Version of glibc; undefined where the C library is another. */
  readonly glibc: string | undefined;
  /** The file that an installed package resolves to, undefined where it is not installed. */
  readonly resolve: (packageName: string) => string | undefined;
}

/** For a user who asks what is here: the library found, or why none. */
export function nativeLibraries(
  device: Device = 'cpu',
): { found: true; version: string; package: string } | { found: false; reason: string } {
  try {
    const { release, packageName } = findLibrary(device);
    return { found: true, version: release, package: packageName };
  } catch (error) {
    if (!(error instanceof LlamaXrError)) throw error;
    return { found: false, reason: `${error.message}. ${error.hint}` };
  }
}

/** @throws LlamaXrError DEVICE when nothing fits this machine; the message says what to install. */
export function findLibrary(device: Device, platform: Platform = thisPlatform()): NativeLibrary {
  const found = PREBUILT[platform.name]?.[device];
  if (found === undefined) {
    const known = Object.entries(PREBUILT).flatMap(([name, devices]) =>
      Object.keys(devices).map((each) => `${name} ${each}`),
    );
    fail('DEVICE', `llama.cpp is not prebuilt for ${platform.name} ${device}, only for ${known.join(', ')}`);
  }
  checkGlibc(platform);
  const [name, release] = found;
  const entry = platform.resolve(`@node-llama-cpp/${name}`);
  if (entry === undefined) {
    const version = NPM_VERSION.get(release);
    fail('DEVICE', `@node-llama-cpp/${name} is not installed`, {
      hint: `npm install --ignore-scripts @node-llama-cpp/${name}@${version}`,
    });
  }
  return libraryIn(join(dirname(entry), '..', 'bins', name), name);
}

function libraryIn(folder: string, name: string): NativeLibrary {
  const release = releaseOf(folder);
  const version = NPM_VERSION.get(release);
  if (version === undefined) {
    const known = [...NPM_VERSION.keys()].join(' or ');
    fail('DEVICE', `@node-llama-cpp/${name}: expected llama.cpp ${known}, got ${release}`, {
      hint: `Install one of the versions ${[...NPM_VERSION.values()].join(', ')}.`,
    });
  }
  const [prefix, extension] =
    process.platform === 'win32' ? ['', 'dll'] : ['lib', process.platform === 'darwin' ? 'dylib' : 'so'];
  // Builds for a GPU carry its name: libllama.metal.v0.4.0.dylib.
  const gpu = /(cuda|vulkan|metal)/.exec(name)?.[0];
  const versioned = `${gpu === undefined ? '' : `.${gpu}`}.v${release}.${extension}`;
  const library = {
    packageName: `@node-llama-cpp/${name}`,
    folder,
    ggmlBase: join(folder, `${prefix}ggml-base.${extension}`),
    ggml: join(folder, `${prefix}ggml${versioned}`),
    llama: join(folder, `${prefix}llama${versioned}`),
    release,
  };
  for (const path of [library.ggmlBase, library.ggml, library.llama]) {
    if (!existsSync(path)) fail('DEVICE', `${path}: this part of llama.cpp is missing`);
  }
  return library;
}

/** The release as the package's own build record states it. */
function releaseOf(folder: string): string {
  const path = join(folder, '_nlcBuildMetadata.json');
  try {
    const record = JSON.parse(readFileSync(path, 'utf8')) as {
      buildOptions?: { llamaCpp?: { release?: unknown } };
    };
    return String(record.buildOptions?.llamaCpp?.release).replace(/^v/, '');
  } catch (error) {
    fail('DEVICE', `${path}: cannot read which llama.cpp this is: ${(error as Error).message}`);
  }
}

function checkGlibc({ name, glibc }: Platform): void {
  if (!name.startsWith('linux-')) return;
  if (glibc === undefined) {
    fail('DEVICE', `llama.cpp's libraries need glibc >= ${GLIBC_NEEDED}; this system has another C library`);
  }
  const [major, minor] = glibc.split('.').map(Number) as [number, number];
  const [neededMajor, neededMinor] = GLIBC_NEEDED.split('.').map(Number) as [number, number];
  if (major < neededMajor || (major === neededMajor && minor < neededMinor)) {
    fail('DEVICE', `llama.cpp's libraries need glibc >= ${GLIBC_NEEDED}, this system has ${glibc}`);
  }
}

function thisPlatform(): Platform {
  const require = createRequire(import.meta.url);
  return {
    name: `${process.platform}-${process.arch}`,
    glibc: process.platform === 'linux' ? glibcVersion() : undefined,
    resolve: (packageName) => {
      try {
        return require.resolve(packageName);
      } catch {
        return undefined;
      }
    },
  };
}

function glibcVersion(): string | undefined {
  const report = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return report.header.glibcVersionRuntime;
}
