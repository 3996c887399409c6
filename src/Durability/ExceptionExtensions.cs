namespace ExecutionManager.Durability;

public static class ExceptionExtensions
{
    /// <summary>What it comes from, in one line: servers add details in further ones.</summary>
    public static string Why(this Exception exception) => exception.GetBaseException().Message.Split('\n')[0].TrimEnd();
}
