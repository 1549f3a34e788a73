"""What each movement measure is called, says and rests on, for those who read it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One measure without its value.

    Attributes
    ----------
    title
        What a climber calls it.
    unit
        For people; ``length`` stands for torso lengths or metres.
    meaning
        What it says, in a sentence.
    source
        Where the formula comes from.
    low, high
        Usual range, only where the source gives one.
    """

    title: str
    unit: str
    meaning: str
    source: str
    low: float | None = None
    high: float | None = None


_OURS = "Definition of this program"
_ORTH = "Orth, Kerr, Davids & Seifert 2017, Frontiers in Psychology 8:1744"
_WHITE = "White & Olsen 2010, Journal of Strength and Conditioning Research 24(5): mean ± SD of elite boulderers in competition"
_LDLJ = (
    "Balasubramanian, Melendez-Calderon & Burdet 2012, IEEE Transactions on Biomedical Engineering 59(8); "
    "Melendez-Calderon, Shirota & Balasubramanian 2021, Frontiers in Bioengineering and Biotechnology 8:558771"
)

CATALOGUE: dict[str, Entry] = {
    "climb_time": Entry("Time on the wall", "s", "From leaving the ground to the end of the climb.", _OURS),
    "climbing_speed": Entry("Climbing speed", "length/s", "How fast the hips gained height, from start to end.", _OURS),
    "holds_per_minute": Entry(
        "Hand holds per minute",
        "/min",
        "How many holds the hands reached in a minute.",
        "Moves per time as in Winkler, Künzell & Augste 2022, Frontiers in Sports and Active Living 4:790336",
    ),
    "time_per_move": Entry(
        "Time per hand move",
        "s",
        "Time on the wall for each move of a hand, pauses included.",
        "Winkler, Künzell & Augste 2022, Frontiers in Sports and Active Living 4:790336",
    ),
    "reach_time": Entry("Reach time", "s", "How long a hand is in the air from one hold to the next.", _WHITE, 0.4, 0.6),
    "hold_time": Entry("Time on a hold", "s", "How long a hand stays on a hold before it moves on.", _WHITE, 6.6, 9.2),
    "path_length": Entry(
        "Path of the hips",
        "length",
        "How far the hips travelled along the wall; the same route in less way costs less.",
        "Line of motion in Cordier, Mendès France, Bolon & Pailhous 1995, Acta Psychologica 88",
    ),
    "geometric_entropy": Entry(
        "Wandering of the hips",
        "",
        "0 is a straight line; the more the hips wander to and fro, the higher. Falls when a route becomes familiar.",
        "Geometric entropy ln(2L/c): Cordier et al. 1993, International Journal of Sport Psychology 24; "
        "Watts et al. 2016, International Journal of Exercise Science 9(2)",
    ),
    "smoothness": Entry(
        "Smoothness from hold to hold",
        "",
        "How evenly the hips move between one catch of a hand and the next; closer to 0 is smoother.",
        f"Log dimensionless jerk, median over hand moves: {_LDLJ}",
    ),
    "climb_smoothness": Entry(
        "Smoothness of the whole climb",
        "",
        "The same over the whole climb; compare it only between attempts on one route, since longer climbs are always lower.",
        f"Log dimensionless jerk: {_LDLJ}; of climbers' hips: Seifert et al. 2014, Journal of Applied Biomechanics 30(5)",
    ),
    "immobility": Entry(
        "Hips at rest",
        "%",
        "Share of the climb in which the hips hardly move, for rest, for looking or for doubt.",
        f"Immobility ratio: Billat et al. 1995, Journal of Sports Medicine and Physical Fitness 35(1); {_ORTH}",
    ),
    "rest": Entry(
        "Resting and shaking out", "%", "Share of the climb spent on rests and on shaking out.", f"Active recovery: {_ORTH}"
    ),
    "hesitation": Entry(
        "Hesitation",
        "%",
        "Share of the climb spent waiting before a move, without resting or shaking out.",
        f"Immobility of all limbs: {_ORTH}; shortest pause by choice of this program",
    ),
    "hesitations": Entry("Pauses before moves", "", "How often a pause of a second or more came before a move.", _OURS),
    "exploration": Entry(
        "Holds only touched",
        "%",
        "Share of the hands' touches that nothing was built upon: tried and left, or corrected.",
        "Exploratory to performed actions: Seifert et al. 2014, PLoS ONE 9(2):e89865",
    ),
    "straight_arms": Entry(
        "Straight arms",
        "%",
        "Share of the time of holding in which the arm that holds is straight, which spares it.",
        "Elbow of 150° or more: Beltrán Beltrán, Richter, Köstermeyer & Heinkel 2023, Sensors 23(19):8216",
    ),
    "hips_beside_line": Entry(
        "Hips beside the line of holds",
        "length",
        "How far the hips hang to the side of the line from hands to feet; how far from the wall cannot be seen from behind.",
        _OURS,
    ),
    "com_inside_support": Entry(
        "Weight between the holds",
        "%",
        "Share of the climb in which the body's centre hangs within the width of the holds that carry it.",
        "Base of support; Quaine, Martin & Blanchi 1997, Journal of Applied Biomechanics 13(1)",
    ),
    "com_beside_feet": Entry(
        "Weight beside the feet",
        "length",
        "How far to the side of the feet the body's centre is; 0 is above them, where legs carry most.",
        "Base of support; Quaine, Martin & Blanchi 1997, Journal of Applied Biomechanics 13(1)",
    ),
    "foot_readjustments": Entry(
        "Corrections per foot placement",
        "",
        "How often a foot was put down again on the hold that it had just left, for each placement.",
        _OURS,
    ),
    "foot_settle_time": Entry(
        "Time until a foot rests",
        "s",
        "From the first touch of a foot to its standing still.",
        f"{_OURS}; feet as rated by Taylor et al. 2020, International Journal of Sports Physiology and Performance",
    ),
    "left_hand_moves": Entry(
        "Moves of the left hand", "%", "Share of the hands' moves that the left one made; 50 is even.", _OURS
    ),
    "left_hand_time": Entry(
        "Holding with the left hand", "%", "Share of the hands' time on holds that was the left one's; 50 is even.", _OURS
    ),
}
