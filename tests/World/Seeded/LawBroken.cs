namespace ExecutionManager.World.Tests;

/// <summary>A law of the product that a world has seen broken, in words.</summary>
internal sealed class LawBroken(string law, string what, Exception? cause = null) : Exception($"{law}: {what}", cause)
{
    public string Law => law;
}
