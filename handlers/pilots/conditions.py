"""What may be true of a pilot, in words: the protection test, what applies to it, the packs."""

from handlers.chat.wording import Words


def protections(words: Words) -> dict[str, str]:
    """The four ways a pilot is protected from reality; each yes opens an item that ends the protection."""
    return {
        "protected-data": words.text("It runs on cleaned or hand-picked data"),
        "protected-team": words.text("A dedicated team looks after it by hand"),
        "protected-judges": words.text("Its results are judged by people who want it to succeed"),
        "protected-infrastructure": words.text("It runs apart from the real systems"),
    }


def applicable(words: Words) -> dict[str, tuple[str, str]]:
    """Laws, rules and data that items of a pack depend on: a label, and what it means."""
    return {
        "eu": (words.text("In the EU"), words.text("It is used in the EU or by people there")),
        "eu-high-risk": (words.text("EU high risk"),
                         words.text("Employment, credit, education, essential services, ...")),
        "personal-data": (words.text("Personal data"), words.text("It processes data about people")),
        "us-bank": (words.text("US bank"), words.text("A US bank or its holding company runs it")),
        "iso42001": (words.text("ISO/IEC 42001"), words.text("You are certified, or want to be")),
    }


def packs(words: Words) -> dict[str, tuple[str, str]]:
    """The packs that come with the bot: a title, and what they hold."""
    return {
        "llm-assistant": (words.text("LLM assistant"),
                          words.text("Evals, prompt injection, spend caps, vendor terms")),
        "regulated": (words.text("Regulated"), words.text("EU AI Act, GDPR, US banks, ISO 42001")),
    }
