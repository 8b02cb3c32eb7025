import { setFlagsFromString } from 'node:v8';

// To be imported before all else: what the space for young objects has grown to, it keeps.
//
// Node.js lets that space grow to 48 MB while much is made that nobody needs for long, as when programs are loaded and in an
// export of gigabytes. Collecting early costs nothing that can be measured, and a worker stays small.
setFlagsFromString('--semi-space-growth-factor=1');
