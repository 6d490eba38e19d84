/** `import greeting from './greeting.wav'`: the bytes of the file, which `readWav` reads. */
declare module '*.wav' {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}
