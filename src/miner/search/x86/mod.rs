//! The paths of x86-64 processors.
//!
//! The only file with `unsafe` in it: calls of functions that are compiled for more than every x86-64 processor has. Each stands
//! behind the question whether this one has it. Inside them nothing is unsafe, since intrinsics that touch no pointer are safe there.

#![allow(
    unsafe_code,
    reason = "only so can code for every processor call a function for some"
)]

#[macro_use]
mod lanes;
mod avx2;
mod avx512;
mod avx512_sha;
mod known;
mod sha_ni;

use super::path::{Kernel, Path};

/// How to walk the path, if this processor has what its functions are compiled for, and the system keeps the registers.
pub(super) fn kernel(path: Path) -> Option<Kernel> {
    let sha = is_x86_feature_detected!("sha")
        && is_x86_feature_detected!("sse4.1")
        && is_x86_feature_detected!("ssse3");
    let avx512 = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
    let kernel = match path {
        Path::Avx512Sha if sha && avx512 && is_x86_feature_detected!("avx512vl") => Kernel {
            lanes: avx512_sha::LANES as u32,
            // SAFETY: all that `avx512_sha::scan` enables (avx512f, avx512bw, avx512vl, sha, sse4.1) was detected above.
            scan: |prepared, base, groups| unsafe { avx512_sha::scan(prepared, base, groups) },
        },
        Path::Avx512 if avx512 => Kernel {
            lanes: avx512::LANES,
            // SAFETY: all that `avx512::scan` enables (avx512f, avx512bw) was detected above.
            scan: |prepared, base, groups| unsafe { avx512::scan(prepared, base, groups) },
        },
        Path::ShaNi if sha => Kernel {
            lanes: sha_ni::STREAMS as u32,
            // SAFETY: all that `sha_ni::scan` enables (sha, sse4.1, ssse3) was detected above.
            scan: |prepared, base, groups| unsafe { sha_ni::scan(prepared, base, groups) },
        },
        Path::Avx2 if is_x86_feature_detected!("avx2") => Kernel {
            lanes: avx2::LANES,
            // SAFETY: all that `avx2::scan` enables (avx2) was detected above.
            scan: |prepared, base, groups| unsafe { avx2::scan(prepared, base, groups) },
        },
        _ => return None,
    };
    Some(kernel)
}
