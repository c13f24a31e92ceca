"""The rules and the data of a rollback: pure, frozen, standard library only.

people -> target -> plan -> approval -> rollback (the aggregate) -> event (what happened, in order)
"""
