"""What a service loads before it serves is not looked through by later garbage collections."""

import gc

from grid_kernel import main


def test_what_was_loaded_before_is_out_of_the_collections() -> None:
    loaded = [[number] for number in range(1_000)]
    main.leave_out_of_collections()
    try:
        tracked = {id(each) for each in gc.get_objects()}
        assert not tracked & {id(each) for each in loaded}
    finally:
        gc.unfreeze()
