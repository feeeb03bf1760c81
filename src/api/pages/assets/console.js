// The console: one call, as it is filled in.

import { begin } from "./call.js";

begin();
